/** The auditor as a library: for the fault tests, the demo and the bench, which all end with it. */
export * from './audit.ts';
export * from './books.ts';
export * from './check.ts';
export * from './checks/index.ts';
export * from './print.ts';
