(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const body = document.body;
  body.classList.add("js");

  // The story, one step at a time ------------------------------------------------------------
  const steps = [...document.querySelectorAll(".step")];
  const links = [...document.querySelectorAll(".contents ol a")];
  let at = 0;

  const stepOfHash = () => steps.findIndex((step) => "#" + step.id === location.hash);

  const show = (index, remember = true) => {
    at = Math.max(0, Math.min(steps.length - 1, index));
    steps.forEach((step, i) => step.classList.toggle("current", i === at));
    links.forEach((link, i) => {
      if (i === at) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    $("position").textContent = steps.length ? `step ${at + 1} of ${steps.length}` : "";
    $("previous").disabled = at === 0;
    $("next").disabled = at >= steps.length - 1;
    if (remember && steps.length) history.replaceState(null, "", "#" + steps[at].id);
  };

  const go = (index) => {
    const chosen = Math.max(0, Math.min(steps.length - 1, index));
    show(chosen);
    const story = $("story").getBoundingClientRect();
    if (!body.classList.contains("single")) steps[chosen].scrollIntoView();
    else if (story.top < 0 || story.bottom < innerHeight / 2) $("story").scrollIntoView();
  };

  const setMode = (single) => {
    body.classList.toggle("single", single);
    $("mode").textContent = single ? "All steps" : "One at a time";
    $("mode").setAttribute("aria-pressed", String(!single));
  };

  $("previous").onclick = () => go(at - 1);
  $("next").onclick = () => go(at + 1);
  $("mode").onclick = () => {
    setMode(!body.classList.contains("single"));
    steps[at]?.scrollIntoView();
  };
  addEventListener("hashchange", () => {
    const index = stepOfHash();
    if (index >= 0) go(index);
  });
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "radio") return;
    if (event.key === "f") {
      $($("style-paper").checked ? "style-confdot" : "style-paper").checked = true;
      return;
    }
    const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: steps.length - 1 }[event.key];
    if (target === undefined || !steps.length) return;
    event.preventDefault();
    go(target);
  });

  setMode(true);
  const first = stepOfHash();
  show(Math.max(0, first), first >= 0);

  // Everything that happened -----------------------------------------------------------------
  const { kinds, names, rows } = data.log;
  const kPage = 200;
  const text = (row) => [kinds[row[2]].name, names[row[3]], names[row[4]], row[5], row[6], row[7],
    row[10], row[11]].join(" ").toLowerCase();
  const texts = rows.map(text);
  let matching = [];
  let shown = 0;

  const time = (ns) => (ns / 1e6).toLocaleString("en", { minimumFractionDigits: 6 });

  const fill = (cell, value, words) => {
    const place = words ? value.toLowerCase().indexOf(words) : -1;
    if (place < 0) { cell.textContent = value; return; }
    const mark = document.createElement("mark");
    mark.textContent = value.slice(place, place + words.length);
    cell.append(value.slice(0, place), mark, value.slice(place + words.length));
  };

  const showMore = () => {
    const table = $("facts").tBodies[0];
    const words = $("words").value.trim().toLowerCase();
    const until = Math.min(matching.length, shown + kPage);
    for (; shown < until; ++shown) {
      const row = rows[matching[shown]];
      const kind = kinds[row[2]];
      const line = table.insertRow();
      if (kind.symbol === "x") line.className = "lost";
      const cells = [time(row[0]), String(row[1]), kind.symbol, kind.name, names[row[3]],
        names[row[4]], ...row.slice(5).map(String)];
      // The request is one column: its number and what it asks.
      cells.splice(7, 2, cells[7] === "-" ? "-" : cells[7] + " " + cells[8]);
      cells.forEach((value, i) => fill(line.insertCell(), value === "-" ? "" : value, i > 2 ? words : ""));
    }
    $("more").hidden = shown >= matching.length;
  };

  const search = () => {
    const words = $("words").value.trim().toLowerCase();
    const step = data.steps[$("only").value];
    const requests = $("requests").checked;
    matching = [];
    rows.forEach((row, i) => {
      if (step && (row[1] < step.first || row[1] > step.last)) return;
      if (!requests && kinds[row[2]].request) return;
      if (words && !texts[i].includes(words)) return;
      matching.push(i);
    });
    $("found").textContent = matching.length.toLocaleString("en") + " facts";
    $("facts").tBodies[0].replaceChildren();
    shown = 0;
    showMore();
  };

  data.steps.forEach((step, i) => $("only").add(new Option(`${i + 1} ${step.title}`, String(i))));
  $("search").hidden = $("facts").hidden = false;
  $("search").onsubmit = (event) => event.preventDefault();
  $("search").oninput = search;
  $("more").onclick = showMore;
  search();
})();
