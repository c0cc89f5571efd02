import { compressionOf } from './compression.ts';
import type { ObjectNode } from './object-node.ts';
import { shapeText, typeText } from './type-text.ts';

/** Colours follow the reader's system; nothing comes from elsewhere, and nothing runs. */
const STYLE = `
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { margin: 1.5rem; }
h1 { font-size: 1.1rem; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding-left: 1.4rem; border-left: 1px solid #8884; }
.tree > ul { padding-left: 0; border: 0; }
summary { cursor: pointer; }
li > span { padding-left: 1rem; }
code, .dataset, table { font-family: ui-monospace, monospace; font-size: 0.92em; }
.group { color: #1a5fb4; } .link { color: #a347ba; } .note { color: #777; }
@media (prefers-color-scheme: dark) { .group { color: #99c1f1; } .link { color: #dc8add; } .note { color: #aaa; } }
table { margin: 0.2rem 0 0.5rem 1.4rem; border-collapse: collapse; }
th { text-align: left; font-weight: normal; color: #777; padding-right: 1rem; vertical-align: top; }
td { overflow-wrap: anywhere; }
:target { outline: 2px solid #e5a50a; }
`;

/**
 * A tree of objects as a page of its own: groups and datasets fold, without any script and without anything from outside.
 * Names and values of the file are escaped, whatever they hold.
 * @param title of the page
 * @param node read with the values of its attributes
 * @source h5glance html.py: what is shown of an object
 */
export function treeHtml(title: string, node: ObjectNode): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<div class="tree"><ul>
${itemOf(node, true)}</ul></div>
</body>
</html>
`;
}

function itemOf(node: ObjectNode, isOpen: boolean): string {
  const name = escaped(node.name);
  const id = `id="${escaped(anchorOf(node.path))}" title="${escaped(node.path)}"`;
  if (node.target !== undefined)
    return `<li><span ${id} class="link">${name}</span> <span class="note">&rarr; ${escaped(node.target)}</span></li>\n`;
  if (node.sameAs !== undefined)
    return `<li><span title="${escaped(node.path)}">${name}</span> <a href="#${escaped(encodeURIComponent(anchorOf(node.sameAs)))}">= ${escaped(node.sameAs)}</a></li>\n`;
  if (node.kind === 'other') return `<li><span ${id}>${name}</span> <span class="note">(unknown type)</span></li>\n`;
  const open = isOpen ? ' open' : '';
  if (node.storage) {
    const facts = `[${typeText(node.storage.type)}: ${shapeText(node.storage.shape)}]${node.isVirtual ? ' virtual' : ''}`;
    return `<li><details${open} ${id}><summary><span class="dataset">${name}</span> <span class="note">${escaped(facts)}</span></summary>\n${tableOf(node)}</details></li>\n`;
  }
  const children = (node.children ?? []).map((child) => itemOf(child, false)).join('');
  const count = node.childCount ?? 0;
  const told = `${count} ${count === 1 ? 'child' : 'children'}${node.children ? '' : ', not shown'}`;
  return `<li><details${open} ${id}><summary><span class="group">${name}</span> <span class="note">${told}</span></summary>
${tableOf(node)}<ul>
${children}</ul></details></li>\n`;
}

/** How a dataset is stored, and the attributes of an object; '' where there is neither. */
function tableOf({ path, storage, attributes }: ObjectNode): string {
  const rows: [string, string][] = [];
  if (storage) {
    rows.push(['path', path], ['max. shape', shapeText(storage.maxShape)], ['layout', storage.layout]);
    if (storage.chunks) {
      const { name, options } = compressionOf(storage.filters);
      const how = name === null ? 'none' : `${name}${options === null ? '' : ` (${options})`}`;
      const others = storage.filters.map((filter) => filter.name).filter((each) => /^(shuffle|fletcher32)$/.test(each));
      rows.push(['chunk', shapeText(storage.chunks)], ['compression', [how, ...others].join(', ')]);
    }
  }
  rows.push(...attributes.map(({ name, text }): [string, string] => [`@${name}`, text]));
  if (rows.length === 0) return '';
  const lines = rows.map(([name, text]) => `<tr><th>${escaped(name)}</th><td>${escaped(text)}</td></tr>\n`);
  return `<table>\n${lines.join('')}</table>\n`;
}

/** An id must not hold white space; nothing else of a path is in its way. */
function anchorOf(path: string): string {
  return path.replaceAll(/\s/g, '_');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]);
}
