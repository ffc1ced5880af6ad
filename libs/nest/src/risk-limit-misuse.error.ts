/**
 * An error in the program, with the class and method in its sentence: `@RiskLimit` or `@Subject` on something they
 * cannot work on (thrown when the class is defined or the application starts), or a call whose arguments make no check
 * and that no request can have brought (thrown by the call; Nest answers 500 and logs it). `cause` is what the quota said,
 * if it was asked. What a request can have brought is a `RiskLimitRequestException`.
 */
export class RiskLimitMisuseError extends Error {
  override readonly name = 'RiskLimitMisuseError';

  constructor(
    /** `Class.method`. */
    readonly method: string,
    sentence: string,
    options?: ErrorOptions,
  ) {
    super(`${method}: ${sentence}`, options);
  }
}
