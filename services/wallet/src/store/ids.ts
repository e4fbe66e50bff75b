const ID = /^[\x21-\x7e]{36}$/;

/** Whether a text can be an id at all. What cannot must not reach a statement: cut to a column's width it might name something else. */
export const isId = (text: string): boolean => ID.test(text);

const LOGIN_ID = /^[a-z0-9._-]{3,50}$/;

/** Whether a text can be a login id (api §1). Others cannot even be looked up: their column knows ASCII only. */
export const isLoginId = (text: string): boolean => LOGIN_ID.test(text);
