import { withoutStack } from "./without-stack.ts";

/**
 * Thrown by a handler for a failure that it knows, such as a source that does not answer. The attempt fails and is retried as
 * with any other error; the log has its message alone, without a stack.
 */
export class ExpectedFailure extends Error {
  override readonly name = "ExpectedFailure";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    withoutStack(this);
  }
}
