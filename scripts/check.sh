#!/bin/sh
# Format, lint, types, import rules, content, tests: each must pass.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
bin=.venv/bin

step() {
    printf '\n== %s\n' "$1"
    shift
    "$@"
}

step "format" "$bin/ruff" format --check .
step "lint" "$bin/ruff" check .
step "types" "$bin/mypy"
step "import rules" "$bin/lint-imports"
step "content" "$bin/marigold" content check
step "tests" "$bin/pytest" ${PYTEST_ARGS:-}
