// Embeds and attachments of a message. Pictures come from the playground itself only; the page's
// content policy blocks everything else, so a picture on another site is shown as a link.

import { h } from "./dom.js";
import { sizeOf } from "./files.js";
import { icon } from "./icons.js";
import { markdown, safeLink } from "./markdown_view.js";
import { names } from "./names.js";
import { messageTime } from "./time.js";

export function embeds(list) {
  return list.map(embed);
}

function embed(data) {
  const colour = data.color ? `#${data.color.toString(16).padStart(6, "0")}` : null;
  const body = h("div.embed-body", {}, [
    data.author && h("div.embed-author", {}, linked(data.author.url, data.author.name)),
    data.title && h("div.embed-title", {}, linked(data.url, data.title)),
    data.description && h("div.embed-description", {}, markdown(data.description, names)),
    data.fields?.length && h("div.embed-fields", {}, data.fields.map((field) => h(
      field.inline ? "div.embed-field.inline" : "div.embed-field",
      {},
      h("div.embed-field-name", {}, field.name),
      h("div", {}, markdown(field.value, names)),
    ))),
    data.image && picture(data.image.url, "Picture in the embed"),
    (data.footer || data.timestamp) && h("div.embed-footer", {}, [data.footer?.text, data.timestamp && messageTime(new Date(data.timestamp))].filter(Boolean).join(" • ")),
  ]);
  return h("article.embed", { data: { testid: "embed" }, style: colour ? { "--embed": colour } : {} }, body, data.thumbnail && h("div.embed-thumbnail", {}, picture(data.thumbnail.url, "Thumbnail")));
}

const linked = (url, text) => (url ? safeLink(url, text) : text);

function isOurs(url) {
  try {
    return new URL(url, location.href).origin === location.origin;
  } catch {
    return false; // not a URL
  }
}

export function picture(url, alt) {
  if (!isOurs(url)) return safeLink(url, `${alt} (on another site)`);
  return safeLink(url, h("img.picture", { src: url, alt, loading: "lazy" }));
}

export function attachments(list) {
  return list.map((item) => {
    if (/^image\/(png|jpe?g|gif|webp)/.test(item.content_type || "")) return picture(item.url, item.description || item.filename);
    return h("div.attachment", {}, icon("file"), h("div", {}, safeLink(item.url, item.filename, { download: item.filename }), h("div.attachment-size", {}, sizeOf(item.size))));
  });
}
