#!/usr/bin/env bash
# Every check. Edits nothing; goes on after a failure; tells all of them at the end.
cd "$(dirname "$0")/.." || exit 2
failed=() log=$(mktemp) && trap 'rm -f "$log"' EXIT
try() {
  if "$@" >"$log" 2>&1; then echo "ok      $*"; else echo "FAILED  $*"; tail -n 40 "$log" | sed 's/^/        /'; failed+=("$*"); fi
}
try ruff check --quiet
try ruff format --check --quiet
try mypy
try lint-imports
try maillage check
try maillage makemigrations --check --dry-run
try maillage messages --check
try python tools/docs.py --check
for pack in src/maillage/packs/*/pack.yaml; do try maillage pack check "$(dirname "$pack")"; done
try pytest -q -p no:randomly tests/test_house.py
if [ ${#failed[@]} = 0 ]; then echo "all checks passed"; exit 0; fi
echo "${#failed[@]} failed:"; printf '  %s\n' "${failed[@]}"; exit 1
