export { DirectoryInUseError } from './journal/journal-slots.js';
export { Journal, type JournalOptions, type JournalSync } from './journal/journal.js';
export { DEFAULT_DEADLINE_MS, type ResilientRunnerOptions } from './resilient-runner-options.js';
export { ResilientRunner } from './resilient-runner.js';
