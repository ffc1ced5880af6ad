/**
 * What is written to the disk names subjects, so it is for the user of the process alone. Only what Sundial makes gets
 * these: an existing directory keeps the access that its owner gave it.
 */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_DIRECTORY = 0o700;
