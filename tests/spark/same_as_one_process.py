"""Codes the same visits in one process and on a Spark cluster, and compares line for line.

Run on demand, see docs/SPARK.md. Exits with 1 and the first difference when the answers differ.
"""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

from pyspark import SparkConf, SparkContext

DRUGS = [("J9312", "IV_INFUSION", "mg", 700), ("J9045", "IV_INFUSION", "mg", 450),
         ("J2405", "IV_PUSH", "mg", 8), ("J1100", "IV_PUSH", "mg", 10)]

# Lines that one task codes, so that an executor of one gigabyte has room to spare.
VISITS_A_TASK = 5_000


def visit(number):
    """A visit of four administrations whose doses and times differ from number to number."""
    administrations = []
    for index, (code, route, unit, dose) in enumerate(DRUGS):
        given = dose + number % 97
        administration = {
            "administrationId": f"a{index}", "route": route, "accessSite": "port",
            "startTime": f"2025-11-03T{8 + index:02}:{number % 60:02}",
            "drugs": [{"hcpcsCode": code, "doseAdministered": {"value": str(given), "unit": unit},
                       "containers": [{"content": {"value": str(given), "unit": unit}, "kind": "SINGLE_DOSE", "lotNumber": "A1"}]}],
        }
        if route == "IV_INFUSION":
            administration["stopTime"] = f"2025-11-03T{9 + index:02}:{number * 7 % 60:02}"
        administrations.append(administration)
    return {"encounterId": f"v-{number}", "setting": "PHYSICIAN_OFFICE", "payer": "medicare", "serviceDate": "2025-11-03",
            "indication": "ONCOLOGY", "primaryReason": "a0", "administrations": administrations}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--command", required=True, help="the filter, for example `infusion-coder code - --lines --detail lines --workers 1`")
    arguments.add_argument("--visits", type=int, default=200_000)
    arguments.add_argument("--master", default="local-cluster[2,1,1024]")
    given = arguments.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        visits = pathlib.Path(folder) / "visits.jsonl"
        with visits.open("w") as file:
            for number in range(given.visits):
                # Every thousandth line is broken on purpose: a bad line must not move the others.
                file.write("{broken\n" if number % 1000 == 999 else json.dumps(visit(number)) + "\n")

        start = time.monotonic()
        with visits.open("rb") as file:
            single = subprocess.run(shlex.split(given.command), stdin=file, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, check=True)
        single_lines = single.stdout.decode().splitlines()
        del single
        print(f"one process: {len(single_lines)} answers in {time.monotonic() - start:.1f} s")

        start = time.monotonic()
        context = SparkContext(conf=SparkConf().setMaster(given.master).setAppName("infusion-coder"))
        lines = context.textFile(f"file://{visits}", max(8, given.visits // VISITS_A_TASK))
        # Written by the executors and not collected, so that no process holds all answers at once.
        lines.pipe(given.command, checkCode=True).saveAsTextFile(f"file://{folder}/answers")
        context.stop()
        parts = sorted((pathlib.Path(folder) / "answers").glob("part-*"))
        answers = [line for part in parts for line in part.read_text().splitlines()]
        print(f"{given.master}: {len(answers)} answers in {time.monotonic() - start:.1f} s")

    if answers == single_lines and len(answers) == given.visits:
        print("equal, line for line")
        return 0
    differing = [number for number, pair in enumerate(zip(single_lines, answers), 1) if pair[0] != pair[1]]
    print(f"DIFFERENT: {len(single_lines)} and {len(answers)} answers, first differing line {differing[:1]}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
