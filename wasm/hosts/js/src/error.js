// The error of this host.

/**
 * A failure of the module. code is its name in ABI.md, "trap" where the module
 * broke off, or "bad_module".
 */
export class ForetideError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = "ForetideError";
    this.code = code;
  }
}
