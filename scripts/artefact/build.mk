# `sam build` calls build-<logical id> in a copy of the source, with ARTIFACTS_DIR to fill.
# It hands on no architecture, so each has a Makefile of its own, which the template names.
ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
SOURCE := $(CURDIR)
ASSEMBLE := cd "$(ROOT)" && python3.13 -m scripts.artefact.assemble

.PHONY: build-CommonLayer build-ApiFunction build-SchedulerFunction build-DispatcherFunction

build-CommonLayer:
	@$(ASSEMBLE) layer "$(SOURCE)" "$(ARTIFACTS_DIR)" $(ARCHITECTURE)

build-ApiFunction build-SchedulerFunction build-DispatcherFunction:
	@$(ASSEMBLE) function "$(SOURCE)" "$(ARTIFACTS_DIR)"
