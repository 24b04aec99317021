# Everything happens in .venv in this folder. `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Bytecode is kept whatever the environment says: a run of tests starts hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
EXTRA ?= cpu
ARGS ?=
TORCH := torch==2.13.0

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
LOCK_cpu := requirements.txt
LOCK_gpu := requirements-gpu.txt
LOCKS := requirements.txt requirements-gpu.txt requirements-dev.txt requirements-oracles.txt requirements-uv.txt
OTHER_cpu := gpu
OTHER_gpu := cpu
RUNTIME_cpu := onnxruntime
RUNTIME_gpu := onnxruntime-gpu
EVIDENCE := out/evidence
COVERAGE := $(EVIDENCE)/coverage.data
# `make test` draws an even seed, `make test-again` an odd one: never the same order twice.
# ARGS=--randomly-seed=N repeats an order.
EVEN_SEED := $$((RANDOM * 2))
ODD_SEED := $$((RANDOM * 2 + 1))
# Two workers, each with whole files, so that what a file starts is started once; torch with a thread for each.
TWO_AT_A_TIME := -n 2 --dist loadfile
# Without tests/e2e, a step of its own: its tests start processes and want a port for themselves, one after the other.
EVERYDAY := tests/unit tests/contract tests/guard

# Continuous integration: .ci/run does STEPS in this order, .github/workflows/ci.yml the same and HOSTED besides, for
# which the network of the hosting service is needed. One name is one target is one step.
STEPS := dev proto-fresh buf lint types walls smoke test test-again coverage e2e determinism wheel guard audit
HOSTED := pip-audit

UV_PIP := $(BIN)/uv pip
INTO := --quiet --python $(BIN)/python
COMPILE := $(UV_PIP) compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

# A missing interpreter is an error at once, never a download.
export UV_PYTHON_DOWNLOADS := never
# The machine says whom to trust, as it does for pip.
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# pip's find-links setting, for uv, which does not read it.
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS := $(PIP_FIND_LINKS)
else
# torch for development: its CPU build is a tenth of the size. Set it to auto for the one that fits the machine.
export UV_TORCH_BACKEND ?= cpu
endif

ifeq ($(LOCK_$(EXTRA)),)
$(error EXTRA is cpu or gpu, not "$(EXTRA)")
endif

.PHONY: help install run $(STEPS) $(HOSTED) steps steps-hosted static check proto release-image tag-fits slow soak load gpu \
  bench model model-report model-untrained lock floors clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# -- environments: a stamp says what is in .venv, so that a second run takes no time --------------------------------

install: $(STAMPS)/install-$(EXTRA) ## the services and their engine into .venv (EXTRA=cpu or gpu)

dev: $(STAMPS)/dev ## that and every tool into .venv

$(STAMPS)/uv: requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Latentwire needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Installing into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements-uv.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/install-$(EXTRA): $(STAMPS)/uv $(LOCK_$(EXTRA)) pyproject.toml
	@if test -e $(STAMPS)/install-$(OTHER_$(EXTRA)); then \
	  $(UV_PIP) uninstall $(INTO) $(RUNTIME_$(OTHER_$(EXTRA))); rm $(STAMPS)/install-$(OTHER_$(EXTRA)); fi
	@$(UV_PIP) install $(INTO) --compile-bytecode --require-hashes -r $(LOCK_$(EXTRA))
	@$(UV_PIP) install $(INTO) --no-deps -e .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/uv requirements-dev.txt requirements-oracles.txt pyproject.toml
	@if test -e $(STAMPS)/install-gpu; then \
	  $(UV_PIP) uninstall $(INTO) $(RUNTIME_gpu); rm $(STAMPS)/install-gpu; fi
	@$(UV_PIP) install $(INTO) --require-hashes -r requirements-dev.txt
	@$(UV_PIP) install $(INTO) $(TORCH)
	@$(UV_PIP) install $(INTO) --no-deps --require-hashes -r requirements-oracles.txt
	@$(UV_PIP) install $(INTO) --no-deps -e .
	@touch $(STAMPS)/install-cpu $@

# -- everyday ----------------------------------------------------------------------------------------------------

run: install ## start the pair: http://127.0.0.1:7860 (ARGS="--engine fake")
	@exec $(BIN)/latentwire serve $(ARGS)

check: ## everything that CI runs, in its order: what a change has to pass
	@.ci/run

static: proto-fresh buf lint types walls guard ## what needs no run of the product

steps: ## the steps of CI, one a line
	@printf '%s\n' $(STEPS)

steps-hosted: ## those that only the hosting service can run
	@printf '%s\n' $(HOSTED)

# -- the steps of CI: each leaves what it found in out/evidence ---------------------------------------------------------

proto-fresh: dev ## the generated code is what the contract gives
	@$(BIN)/python -m tools.proto --check

buf: dev ## the contract: lint, format, no break since the last release
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code
	@$(BIN)/buf breaking proto --exclude-imports --against proto/released.binpb

lint: dev ## ruff, both halves
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: dev ## mypy --strict
	@$(BIN)/mypy

walls: dev ## who may import whom
	@$(BIN)/lint-imports --no-logo

smoke: dev ## the pair with the fake on port 7860: one picture, a clean end
	@$(BIN)/python -m tools.smoke --out $(EVIDENCE)/smoke.json

test: dev ## unit, contract and guard suites in random order (ARGS=tests/unit)
	@mkdir -p $(EVIDENCE)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" --junitxml=$(EVIDENCE)/test.xml \
	  $(TWO_AT_A_TIME) -p randomly --randomly-seed=$(EVEN_SEED) $(if $(ARGS),$(ARGS),$(EVERYDAY))

test-again: dev ## unit and contract suites in another random order, with branch coverage
	@mkdir -p $(EVIDENCE) && rm -f $(COVERAGE)
	@OMP_NUM_THREADS=1 COVERAGE_FILE=$(COVERAGE) $(BIN)/python -m pytest tests/unit tests/contract -m "not slow" \
	  --junitxml=$(EVIDENCE)/test-again.xml $(TWO_AT_A_TIME) -p randomly --randomly-seed=$(ODD_SEED) \
	  $(if $(ARGS),$(ARGS),--cov --cov-report=)

coverage: dev ## what the last `make test-again` ran of the code, with the gate
	@rm -f $(EVIDENCE)/coverage.json
	@status=0; \
	$(BIN)/coverage report --data-file=$(COVERAGE) || status=$$?; \
	$(BIN)/coverage json --data-file=$(COVERAGE) -o $(EVIDENCE)/coverage.json --quiet || status=$$?; \
	exit $$status

e2e: dev ## both processes as a user starts them, on the real embedded model
	@mkdir -p $(EVIDENCE)
	@A1111_SUITE_PORT=7860 $(BIN)/python -m pytest tests/e2e --junitxml=$(EVIDENCE)/e2e.xml $(ARGS)

determinism: dev ## the same pictures from two fresh processes, byte for byte
	@mkdir -p $(EVIDENCE)
	@$(BIN)/python -m tools.determinism --out $(EVIDENCE)/determinism.json

wheel: dev ## the package, built, installed where nothing else is, and run
	@mkdir -p $(EVIDENCE)
	@$(BIN)/python -m tools.wheel --dist dist --out $(EVIDENCE)/wheel.json

guard: dev ## CI judges itself: pins, swallowed failures, idle tests, lowered gates
	@mkdir -p $(EVIDENCE)
	@$(BIN)/python -m tools.guard --json $(EVIDENCE)/guard.json

audit: dev ## scores with their evidence, into out/audit.md and out/audit.json
	@$(BIN)/python -m tools.audit

pip-audit: dev ## known vulnerabilities of what the locks name
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes $(foreach lock,$(LOCKS),-r $(lock))

# -- now and then ------------------------------------------------------------------------------------------------

slow: dev ## what takes longer than the everyday suite allows
	@EXPLORE=1 $(BIN)/python -m pytest -m slow $(if $(ARGS),$(ARGS),$(EVERYDAY) tests/e2e tests/load)

load: dev ## drive a pair hard (ARGS="--engine onnx", or --host and --inference of one that runs), into out/load.md
	@$(BIN)/python -m tools.load $(ARGS)

soak: dev ## the fake pair under mixed load for a while (ARGS="--seconds 600 --clients 8")
	@mkdir -p $(EVIDENCE)
	@$(BIN)/python -m tools.soak --out $(EVIDENCE)/soak.json $(ARGS)

gpu: dev ## what needs a CUDA device
	@$(MAKE) --no-print-directory install EXTRA=gpu
	@$(BIN)/python -m pytest tests/gpu $(ARGS)

bench: dev ## measure, into out/benchmarks.md
	@mkdir -p out && $(BIN)/python -m tools.bench --out out/benchmarks.md $(ARGS)

model: dev ## train and export the embedded model (hours)
	@$(BIN)/python -m tools.flatland $(ARGS)

model-report: dev ## score the embedded model (an hour and more)
	@$(BIN)/python -m tools.flatland.evaluate --model inference_svc/models/flatland $(ARGS)

model-untrained: dev ## an untrained export of the same architecture (seconds)
	@$(BIN)/python -m tools.flatland.untrained --out var/flatland-untrained $(ARGS)

# -- now and then, by a maintainer -------------------------------------------------------------------------------

proto: dev ## generate latentwire/v1 from proto/
	@$(BIN)/python -m tools.proto

release-image: dev ## the contract that later ones are compared with
	@$(BIN)/buf build proto --exclude-source-info -o proto/released.binpb

tag-fits: dev ## the tag of a release is the package's version, and the changelog tells of it (TAG=v1.2.3)
	@$(BIN)/python -m tools.tag_fits "$${TAG:-}"

lock: $(STAMPS)/uv ## resolve anew (ARGS=--upgrade for newer versions)
	@env -u UV_FIND_LINKS $(COMPILE) $(ARGS) pyproject.toml --extra cpu --group dev -o requirements-dev.txt
	@env -u UV_FIND_LINKS $(COMPILE) $(ARGS) pyproject.toml --extra cpu -c requirements-dev.txt -o requirements.txt
	@env -u UV_FIND_LINKS $(COMPILE) $(ARGS) pyproject.toml --extra gpu -c requirements-dev.txt -o requirements-gpu.txt
	@env -u UV_FIND_LINKS $(COMPILE) $(ARGS) --no-deps --group oracles -o requirements-oracles.txt
	@echo "uv" | env -u UV_FIND_LINKS $(COMPILE) $(ARGS) --no-deps - -o requirements-uv.txt

# Without the oracles' comparison, which needs torch, and without the one that collects it.
floors: dev ## the oldest versions that pyproject.toml allows, tested
	@rm -rf $(VENV)/floors && $(PYTHON) -m venv $(VENV)/floors
	@$(UV_PIP) compile --quiet --python-version 3.11 --no-header --no-annotate --resolution lowest-direct \
	  pyproject.toml --extra cpu -o $(VENV)/floors/floors.txt
	@$(UV_PIP) install --quiet --python $(VENV)/floors/bin/python -r $(VENV)/floors/floors.txt \
	  $$(grep -oE '^(hypothesis|httpx2|onnx|pytest|pytest-(asyncio|grpc|randomly|socket|timeout|xdist)|schemathesis)==[^ ]+' requirements-dev.txt)
	@$(UV_PIP) install --quiet --python $(VENV)/floors/bin/python --no-deps -e .
	@OMP_NUM_THREADS=1 $(VENV)/floors/bin/python -m pytest tests/contract -m "not slow" $(TWO_AT_A_TIME) \
	  --ignore=tests/contract/test_denoising_oracle.py --ignore=tests/contract/test_same_cases.py $(ARGS)

clean: ## remove what make made, and .venv
	rm -rf $(VENV) dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage coverage.xml
