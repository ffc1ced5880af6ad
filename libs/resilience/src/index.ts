export { DirectoryInUseError } from './journal/journal-slots.js';
export { Journal, type JournalOptions, type JournalSync } from './journal/journal.js';
export { DEFAULT_DEADLINE_MS, ResilientRunner, type ResilientRunnerOptions } from './resilient-runner.js';
