// Lengths of time as people read them.

/** Seconds as 90 s, 15 min or 2 h. */
export function duration(s) {
  if (s % 60) return `${s} s`;
  return s % 3600 || s === 0 ? `${s / 60} min` : `${s / 3600} h`;
}

export const milliseconds = (ms) => (ms < 0.05 ? "< 0.1 ms" : ms < 100 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`);
