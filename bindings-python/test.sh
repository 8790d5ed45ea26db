#!/usr/bin/env bash
# Tests the installed wheel: types as three checkers see them, then behaviour.
cd "$(dirname "$0")" || exit 1
bin=$(cd .. && pwd)/.venv/bin
PATH=$bin:$PATH
failed=0
run() { echo "--- $*"; "$@" || failed=1; }
run $bin/python -m mypy.stubtest kubehop._native
run $bin/mypy --strict -p kubehop
run $bin/mypy --strict tests
run $bin/pyright tests
run $bin/pyright --ignoreexternal --verifytypes kubehop
run $bin/python -m pytest --nbmake --doctest-glob=README.md tests notebooks README.md
exit $failed
