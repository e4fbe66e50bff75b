const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text can be an id at all. To clients ids are opaque: a malformed one is simply not found. */
export const isId = (text: string): boolean => ID.test(text);

/** Well-formed, and nobody's. */
export const NOBODYS_ID = '00000000-0000-0000-0000-000000000000';
