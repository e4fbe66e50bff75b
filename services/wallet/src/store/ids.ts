const ID = /^[\x21-\x7e]{36}$/;

/** Whether a text can be an id at all. What cannot must not reach a statement: cut to a column's width it might name something else. */
export const isId = (text: string): boolean => ID.test(text);
