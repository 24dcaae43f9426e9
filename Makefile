# Builds the functions for "sam build", which sets ARTIFACTS_DIR. The
# architecture is the template's parameter's default; "make ARCH=amd64 …", or
# ARCH in the environment, is another.
ARCH ?= arm64
NAMES = Collect Plan Train Predict Forecast

$(NAMES:%=build-%Function): build-%Function:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) go build -trimpath -tags lambda.norpc -ldflags "-s -w" \
		-o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(shell echo $* | tr A-Z a-z)

.PHONY: $(NAMES:%=build-%Function)
