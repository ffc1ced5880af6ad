/** Injects the `AdminEvents`, wherever they are recorded. */
export const ADMIN_EVENTS = Symbol('AdminEvents');
