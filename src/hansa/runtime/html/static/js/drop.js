// The clock of a drop. The server says how long it is to the opening; from then on only the time that passes counts, so it does
// not matter what the reader's own clock shows. At zero the page is asked for again, and the server decides.

function written(milliseconds) {
  const whole = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const days = Math.floor(whole / 86400);
  const clock = `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return days ? `${days}:${clock}` : clock;
}

for (const place of document.querySelectorAll("[data-countdown]")) {
  const opensAt = performance.now() + Number(place.dataset.countdown);
  const jitter = Math.random() * Number(place.dataset.jitter || 0);
  let hiddenAt = 0;
  const tick = () => {
    const left = opensAt - performance.now();
    place.textContent = written(left);
    if (left <= 0) {
      setTimeout(() => location.reload(), jitter);
      return;
    }
    setTimeout(tick, left % 1000 || 1000);
  };
  // A machine that slept may have stopped counting.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (hiddenAt && Date.now() - hiddenAt > 60000) location.reload();
  });
  tick();
}
