const LOGIN_ID = /^[a-z0-9._-]{3,50}$/;

/** Whether a text can be a login id (api §1). Others cannot even be looked up: their column knows ASCII only. */
export const isLoginId = (text: string): boolean => LOGIN_ID.test(text);
