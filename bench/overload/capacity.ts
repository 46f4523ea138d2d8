/** What the origin of the overload part can carry. */

/** Requests at once, and the time each takes, in ms. */
export const SLOTS = 50
export const SERVICE = 20
/** Requests per second. */
export const CAPACITY = (SLOTS * 1000) / SERVICE
