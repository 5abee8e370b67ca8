#!/usr/bin/env bash
# Generates the stubs, compiles the quick start and runs it: run.sh [ADDRESS]. Everything made lies below OUT.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
protos="$here/../../proto"
out="${OUT:-$here/build}"
plugin="${GRPC_JAVA_PLUGIN:-$(command -v grpc_java_plugin || command -v protoc-gen-grpc-java)}"
jars="${GRPC_JAVA_JARS:-/usr/share/java}"
class_path="$(find -L "$jars" -maxdepth 1 \( -name 'grpc-*.jar' -o -name 'protobuf*.jar' -o -name 'netty-*.jar' \
    -o -name 'guava*.jar' -o -name 'failureaccess*.jar' -o -name 'perfmark-api*.jar' -o -name 'gson*.jar' \
    -o -name 'proto-google-common-protos*.jar' -o -name '*annotation*.jar' \) | sort -u | paste -sd: -)"
mkdir -p "$out/stubs" "$out/classes"
protoc -I "$protos" --java_out="$out/stubs" --plugin=protoc-gen-grpc-java="$plugin" --grpc-java_out="$out/stubs" \
    "$protos"/infusion/coding/v1/*.proto
# shellcheck disable=SC2046 # the generated files have no blanks in their names
javac -nowarn -d "$out/classes" -cp "$class_path" $(find "$out/stubs" -name '*.java') "$here/QuickStart.java"
exec java -cp "$out/classes:$class_path" QuickStart "${1:-127.0.0.1:50051}"
