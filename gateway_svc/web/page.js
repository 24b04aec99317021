// The page: asks for pictures as any client of the REST API does, and watches its own task meanwhile.

const POLL_MS = 60;
const KEPT = 24;
const by = (id) => document.getElementById(id);
const ui = Object.fromEntries([
  "form", "prompt", "negative", "generate", "stop", "width", "height", "count", "steps", "steps-shown", "guidance",
  "guidance-shown", "sampler", "scheduler", "seed", "random", "again", "figure", "picture", "invitation", "progress",
  "status", "trouble", "thumbnails", "result", "infotext", "copy", "download", "model",
].map((id) => [id, by(id)]));

let running = null;   // {task, gone}: what is being made now
let lastSeed = null;

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  const text = await response.text();
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* not ours: the status says it */ }
  if (!response.ok) throw new Error(sentence(response, answer));
  return answer;
}

function sentence(response, answer) {
  if (Array.isArray(answer?.detail)) {
    return answer.detail.map((one) => `${one.loc.slice(1).join(".") || "request"}: ${one.msg}`).join("\n");
  }
  const later = response.headers.get("Retry-After");
  const what = answer?.detail || answer?.errors || `${response.status} ${response.statusText}`;
  return later ? `${what}\nTry again in ${later} s.` : what;
}

function request(task) {
  return {
    prompt: ui.prompt.value,
    negative_prompt: ui.negative.value,
    width: ui.width.valueAsNumber,
    height: ui.height.valueAsNumber,
    batch_size: ui.count.valueAsNumber,
    steps: ui.steps.valueAsNumber,
    cfg_scale: ui.guidance.valueAsNumber,
    sampler_name: ui.sampler.value || null,
    scheduler: ui.scheduler.value || null,
    force_task_id: task,
    override_settings: { show_progress_every_n_steps: 1, live_previews_image_format: "jpeg", samples_format: "png" },
  };
}

// JSON numbers lose seeds above 2^53, so the seed goes into the text as it was typed.
function bodyOf(task) {
  return JSON.stringify(request(task)).replace(/\}$/, `,"seed":${BigInt(ui.seed.value)}}`);
}

async function generate() {
  const job = { task: newTask(), gone: new AbortController() };
  running = job;
  show("working");
  const began = performance.now();
  watch(job);
  try {
    const response = await fetch("sdapi/v1/txt2img", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: bodyOf(job.task), signal: job.gone.signal,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(sentence(response, parsed(text)));
    finished(JSON.parse(text), (performance.now() - began) / 1000, job.stopped);
  } catch (error) {
    failed(error);
  } finally {
    running = null;
    show("idle");
  }
}

const parsed = (text) => { try { return JSON.parse(text); } catch { return null; } };

function newTask() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `task(page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")})`;
}

async function watch(job) {
  let known = -1;
  while (running === job) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    const seen = await call("internal/progress", { id_task: job.task, id_live_preview: known }).catch(() => null);
    if (running !== job || !seen) continue;
    if (seen.active) {
      ui.progress.value = seen.progress;
      ui.status.textContent = `${Math.round(seen.progress * 100)} %` + (seen.eta > 1 ? `, ${Math.ceil(seen.eta)} s left` : "");
    } else if (seen.queued) {
      ui.status.textContent = seen.textinfo;
    }
    if (seen.live_preview) {
      known = seen.id_live_preview;
      ui.figure.classList.add("forming");
      display(seen.live_preview, "The picture so far");
    }
  }
}

function finished(answer, seconds, stopped) {
  const info = JSON.parse(answer.info);
  const shown = answer.images.map((image, number) => keep(image, info.infotexts[number] ?? "", info.all_prompts[number]));
  ui.status.textContent = shown.length
    ? `${stopped ? "Stopped early: " : ""}${shown.length === 1 ? (stopped ? "one picture" : "One picture") : `${shown.length} pictures`} in ${seconds.toFixed(seconds < 10 ? 2 : 0)} s.`
    : "Stopped before there was a picture.";
  if (info.warnings?.length) ui.status.textContent += ` ${info.warnings.join(". ")}.`;
  if (shown.length) select(shown[0]);
}

function failed(error) {
  ui.trouble.textContent = error instanceof TypeError ? "The gateway does not answer." : error.message;
  ui.trouble.hidden = false;
  ui.status.textContent = "";
}

function keep(image, text, prompt) {
  const bytes = Uint8Array.from(atob(image), (letter) => letter.charCodeAt(0));
  const button = document.createElement("button");
  const small = document.createElement("img");
  small.src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  small.alt = prompt || "A picture without a prompt";
  button.type = "button";
  button.append(small);
  // The text has every digit of a seed; a number read from JSON may not.
  const item = { url: small.src, text, prompt: small.alt, button, seed: text.match(/(?:^|, |\n)Seed: (\d+)/)?.[1] ?? null };
  button.addEventListener("click", () => select(item));
  ui.thumbnails.prepend(button);
  while (ui.thumbnails.children.length > KEPT) {
    URL.revokeObjectURL(ui.thumbnails.lastChild.firstChild.src);
    ui.thumbnails.lastChild.remove();
  }
  return item;
}

function select(item) {
  for (const other of ui.thumbnails.children) other.removeAttribute("aria-current");
  item.button.setAttribute("aria-current", "true");
  ui.figure.classList.remove("forming");
  display(item.url, item.prompt);
  ui.infotext.textContent = item.text;
  ui.download.href = item.url;
  ui.download.download = `${item.seed ?? "picture"}.png`;
  ui.result.hidden = false;
  lastSeed = item.seed;
  ui.again.disabled = lastSeed === null;
}

function display(source, words) {
  ui.picture.src = source;
  ui.picture.alt = words;
  ui.picture.hidden = false;
  ui.invitation.hidden = true;
}

function show(state) {
  const working = state === "working";
  ui.generate.disabled = working;
  ui.stop.disabled = !working;
  ui.progress.classList.toggle("idle", !working);
  ui.figure.setAttribute("aria-busy", String(working));
  if (!working) return;
  ui.progress.value = 0;
  ui.status.textContent = "Waiting…";
  ui.trouble.hidden = true;
  ui.figure.style.setProperty("--shape", `${ui.width.value} / ${ui.height.value}`);
}

async function stop() {
  if (!running) return;
  running.stopped = true;
  await call(`sdapi/v1/interrupt?id_task=${encodeURIComponent(running.task)}`, {}).catch(failed);
}

function fill(select, items, chosen) {
  select.replaceChildren(...items.map(({ value, label }) => new Option(label, value, false, value === chosen)));
}

async function prepare() {
  const [defaults, samplers, schedulers] = await Promise.all([
    call("internal/defaults"), call("sdapi/v1/samplers"), call("sdapi/v1/schedulers"),
  ]);
  for (const side of [ui.width, ui.height]) {
    Object.assign(side, { min: defaults.min_size, max: defaults.max_size, step: defaults.size_multiple });
  }
  ui.width.value = defaults.width;
  ui.height.value = defaults.height;
  ui.steps.value = defaults.steps;
  ui.guidance.value = defaults.cfg_scale;
  fill(ui.sampler, samplers.map(({ name }) => ({ value: name, label: name })), defaults.sampler);
  fill(ui.scheduler, schedulers.map(({ name, label }) => ({ value: name, label })), "automatic");
  ui.model.textContent = defaults.family === "fake"
    ? "The fake engine: pictures are patterns, not paintings." : defaults.model;
  echo();
}

function echo() {
  ui["steps-shown"].textContent = ui.steps.value;
  ui["guidance-shown"].textContent = Number(ui.guidance.value).toFixed(1);
}

async function prepareUntilItWorks() {
  for (;;) {
    try {
      await prepare();
      ui.generate.disabled = false;
      ui.model.classList.remove("trouble");
      return;
    } catch {
      ui.generate.disabled = true;
      ui.model.textContent = "Waiting for the inference service…";
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

ui.form.addEventListener("submit", (event) => { event.preventDefault(); if (!running) generate(); });
ui.form.addEventListener("input", echo);
ui.prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ui.form.requestSubmit();
});
ui.stop.addEventListener("click", stop);
ui.random.addEventListener("click", () => { ui.seed.value = "-1"; });
ui.again.addEventListener("click", () => { ui.seed.value = lastSeed; });
ui.copy.addEventListener("click", async () => {
  await navigator.clipboard?.writeText(ui.infotext.textContent);
  ui.copy.textContent = "Copied";
  setTimeout(() => { ui.copy.textContent = "Copy"; }, 1200);
});

const asked = new URLSearchParams(location.search);
if (asked.has("prompt")) ui.prompt.value = asked.get("prompt");
await prepareUntilItWorks();
if (asked.has("steps")) { ui.steps.value = asked.get("steps"); echo(); }
if (asked.has("seed")) ui.seed.value = asked.get("seed");
