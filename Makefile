# The two commands of a newcomer are `make run` and `make test`; each sets up what it needs.
.PHONY: run test check format clean help

run: ## Set up everything and start to talk
	@sh scripts/setup.sh run
	@exec .venv/bin/marigold $(ARGS)

test: ## Set up everything and pass every check
	@sh scripts/setup.sh test
	@sh scripts/check.sh

check: ## Every check, without set-up
	@sh scripts/check.sh

format: ## Put the code in its form
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

clean: ## Remove what set-up made
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
