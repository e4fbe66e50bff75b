const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** The moment that an RFC 3339 text names, to the millisecond; undefined when it names none, or one outside of the years 1970 to 9998 (in UTC). */
export const parseTime = (text: string): Date | undefined => {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = parts;
  const ms = Math.floor(Number(`0.${fraction || '0'}`) * 1000);
  const local = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), ms));
  // 30 February is another day to Date.UTC, and the year 70 is 1970 to it.
  if (local.getUTCDate() !== Number(day) || local.getUTCMonth() !== Number(month) - 1) return undefined;
  if (local.getUTCFullYear() !== Number(year)) return undefined;
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === '-' ? -1 : 1);
  const time = new Date(local.getTime() - offsetMs);
  return time.getUTCFullYear() >= 1970 && time.getUTCFullYear() <= 9998 ? time : undefined;
};
