# The only command surface: `make run` shows the platform, `make test` proves it.

PYTHON ?= python3
BIN    := .venv/bin
JOBS   ?= 2
# The Pulumi CLI: the one on the PATH, or one that is built here, once.
ENGINE := $(or $(shell command -v pulumi),tools/engine/bin/pulumi)

# The linter of GitHub's workflows, pinned in tools/go.mod.
ACTIONLINT := tools/bin/actionlint

.DEFAULT_GOAL := help
.PHONY: help run up test engine bench lint format lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: $(BIN)/batchctl ## Provision into an embedded AWS and run every job to its end
	@$(BIN)/python -m batchctl local run --all

up: $(BIN)/batchctl ## Provision, serve the AWS API on 127.0.0.1:4566 and fire schedules until Ctrl-C
	@$(BIN)/python -m batchctl local up

test: .venv/dev.stamp $(BIN)/batchctl ## Run all tests
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup $(ARGS)

engine: $(ENGINE) ## Build the Pulumi CLI that the engine tests drive, unless there is a pulumi on the PATH

bench: .venv/dev.stamp ## Measure previews and runs beside other tools'; results in bench/README.md
	@$(BIN)/python -m bench $(ARGS)

lint: .venv/dev.stamp ## Check style, types and workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/zizmor --offline --quiet .github
	@[ -x $(ACTIONLINT) ] || command -v go >/dev/null || \
	  { echo 'make: lint did not run actionlint: there is no go to build it with; install Go 1.24 or newer' >&2; exit 1; }
	@$(MAKE) --silent $(ACTIONLINT)
	@$(ACTIONLINT)

$(ACTIONLINT): tools/go.mod tools/go.sum
	@cd tools && go build -buildvcs=false -o bin/actionlint github.com/rhysd/actionlint/cmd/actionlint
	@touch $@

format: .venv/dev.stamp ## Put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Hashes and no host: the files work with any index. Needs uv (`pip install uv`).
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra local

# One Go module, pinned in tools/engine/go.mod. The version is told to the linker, as its release does.
CLI := github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

tools/engine/bin/pulumi: tools/engine/go.mod tools/engine/go.sum
	@command -v go >/dev/null || \
	  { echo 'make: no go to build the Pulumi CLI with; install Go 1.25 or newer, or put a pulumi on the PATH' >&2; exit 1; }
	@echo 'Building the Pulumi CLI (minutes, once) ...'
	@cd tools/engine && version=$$(go list -m -f '{{.Version}}' github.com/pulumi/pulumi/pkg/v3) && \
	  go build -buildvcs=false -o bin/pulumi \
	    -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$${version#v}" $(CLI)
	@touch $@

lock: ## Pin the requirements anew
	$(LOCK) --output-file requirements/run.txt
	$(LOCK) --group test --group lint --constraint requirements/run.txt --output-file requirements/dev.txt

clean: ## Remove what the other targets made, but the Pulumi CLI in tools/engine/bin: it takes minutes
	rm -rf .venv components/.venv build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	rm -rf bench/cdk/node_modules bench/peers/*/.venv

# A venv that was cut short is made again: it counts only once its stamp is there. So is one whose
# Python is gone.
ifneq ($(wildcard .venv/made.stamp),)
ifeq ($(shell $(BIN)/python -c '' 2>/dev/null || echo gone),gone)
.PHONY: .venv/made.stamp
endif
endif

.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'make: $(PYTHON) is older than Python 3.11; install a newer one or name it: make PYTHON=python3.12' >&2; exit 1; }
	@echo 'Setting up .venv ...'
	@$(PYTHON) -m venv --clear .venv || \
	  { echo 'make: $(PYTHON) cannot make a virtual environment; install its venv module (Debian: apt install python3-venv)' >&2; exit 1; }
	@touch $@

.venv/run.stamp: requirements/run.txt .venv/made.stamp
	@echo 'Installing requirements/run.txt ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

# The command, from wherever it is called, runs what stands in this checkout.
$(BIN)/batchctl: .venv/run.stamp
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | \
	  { read -r packages; echo '$(CURDIR)' > "$$packages/batch-platform.pth"; }
	@printf '#!%s\nfrom batchctl.main import main\n\nmain()\n' '$(CURDIR)/$(BIN)/python' > $@
	@chmod +x $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo 'Installing requirements/dev.txt ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
