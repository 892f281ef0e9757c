/**
 * Source of a regular expression for a time as the dashboard shows it: "15:40", or "Mon 30 Nov, 00:30" if that is
 * another day than today. A test that expects only "00:30" fails in the last hour before midnight.
 */
export const CLOCK_TEXT = String.raw`(?:\w{3},? \d+ \w{3,4},? )?\d\d:\d\d`
