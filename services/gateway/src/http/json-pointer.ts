/** The JSON Pointer (RFC 6901) of a member or element of what `path` points to. */
export const pointer = (path: string, member: string | number): string =>
  `${path}/${typeof member === 'number' ? member : member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
