/** How often the pages ask. */
export const EVERY = { everyMs: 3_000 };
export const MINUTES = ['15', '60', '240', '1440'];
/** A drill lasts an hour at most. */
export const DRILL_MINUTES = ['5', '15', '30', '59'];
