/**
 * What the engine and the service accept as names (DESIGN §4), so that a decorator refuses others when the class is defined.
 * Written out here, and held equal by a test: an application that asks a service loads no engine.
 */
export const RESOURCE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
export const ATTRIBUTE = /^(?!resource$)[a-z][A-Za-z0-9_-]{0,31}$/;
export const MAX_ATTRIBUTES = 8;
