#!/usr/bin/env bash
# Generates the Python stubs beside this file.
set -eu
cd "$(dirname "$0")"
python -m grpc_tools.protoc -I ../../proto --python_out=. --pyi_out=. --grpc_python_out=. ../../proto/infusion/coding/v1/*.proto
