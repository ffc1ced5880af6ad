/**
 * Closes a run with one plain line, `N passed, N failed`; a suite that could not run counts as failed. It is
 * written when the process ends, since Jest adds its own summary after the last reporter.
 */
export default class TallyReporter {
  /**
   * @param {ReadonlySet<unknown>} _contexts
   * @param {{ numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites: number }} results
   */
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const tally = `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed\n`;
    process.once('exit', () => process.stdout.write(tally));
  }
}
