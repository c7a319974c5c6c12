// Waits with an end. No test sleeps: it waits for the thing itself.

/** The promise, or a failure that names what was waited for. */
export async function within(promise, what, ms = 20_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Until `holds()` is true, looked at again with each state, change or catch-up of the fleet. */
export function until(fleet, holds, what, ms) {
  let offs = [];
  const met = new Promise((resolve) => {
    const look = () => {
      if (holds()) resolve();
    };
    offs = ["state", "change", "caught-up", "cursor"].map((name) => fleet.on(name, look));
    look();
  });
  return within(met, `${what}; state ${JSON.stringify(fleet.state)}, cursor ${fleet.cursor}`, ms).finally(() => {
    for (const off of offs) off();
  });
}
