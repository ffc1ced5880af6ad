/** Injects the `ConsoleFiles`; null where the console was not built. */
export const CONSOLE_FILES = Symbol('ConsoleFiles');
