// Shows an answer as its events come. Everything from a document is put in as text, never as markup.

const CITATION = /\[(\d{1,3})\]/g;

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function age(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [name, length] = units.find(([, size]) => seconds >= size) ?? ["second", 1];
  const count = Math.floor(seconds / length);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

export function withCitations(text, numbers) {
  const parts = [];
  let done = 0;
  for (const match of text.matchAll(CITATION)) {
    if (!numbers.has(Number(match[1]))) continue;
    parts.push(text.slice(done, match.index).replace(/\s+$/, ""));
    parts.push(element("a", { href: `#source-${match[1]}`, className: "cite", textContent: match[1], ariaLabel: `source ${match[1]}` }));
    done = match.index + match[0].length;
  }
  parts.push(text.slice(done));
  return parts;
}

export function sourceItem(source) {
  const title = source.title || source.doc_id;
  const safe = /^https?:\/\//.test(source.url);
  const name = safe ? element("a", { href: source.url, textContent: title, rel: "noreferrer" }) : element("span", { textContent: title });
  return element("li", { id: `source-${source.number}` },
    element("div", { className: "title" }, element("span", { className: "number", textContent: source.number }), name),
    ...(source.headings.length ? [element("div", { className: "path", textContent: source.headings.join(" › ") })] : []),
    element("blockquote", { textContent: source.quote }),
    element("div", { className: "facts", textContent: `${source.source} · changed ${age(source.age_seconds)} ago · ${source.doc_id} · characters ${source.start}–${source.end}` }));
}

export function freshnessItem(asOf) {
  const seen = (Date.now() - Date.parse(asOf.source_time)) / 1000;
  return element("li", { textContent: `${asOf.source}: latest change ${age(Math.max(0, seen))} ago, searchable ${asOf.lag_seconds.toFixed(2)} s after its commit` });
}

export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    for (let at; (at = held.indexOf("\n\n")) >= 0; held = held.slice(at + 2)) {
      const lines = held.slice(0, at).split("\n");
      const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
      const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
      if (name && data) yield [name, JSON.parse(data)];
    }
  }
}
