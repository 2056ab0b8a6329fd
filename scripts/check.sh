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
if [ -n "${PYTEST_ARGS:-}" ]; then
    # A choice of one's own.
    step "tests" "$bin/pytest" $PYTEST_ARGS
    exit
fi
# These need nothing but a processor, and share the machine's; the others measure time or use devices and run alone.
apart=$(find tests/cli -name 'test_*.py' ! -name test_talk_command.py)
apart="$apart tests/dialogue tests/guide tests/hearing/language_part tests/hearing/models tests/language"
apart="$apart tests/memory tests/recipe tests/routines tests/understanding"
others=$(for path in $apart; do printf -- '--ignore=%s ' "$path"; done)
step "tests of what needs no device" "$bin/pytest" --numprocesses=auto $apart
step "tests of the rest" "$bin/pytest" $others
