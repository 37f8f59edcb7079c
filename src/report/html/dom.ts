// Elements with their text: nothing of a report is ever read as markup.

type Child = Node | string | undefined | false

type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>

/** @param attributes functions are listeners; `true` is an attribute without value, what is false or undefined is left out */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value)
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : String(value))
  }
  made.append(...children.filter((child) => child !== undefined && child !== false))
  return made
}

/** One of our own charts, whose texts are escaped. */
export function picture(markup: string): HTMLElement {
  const figure = element('figure', {})
  figure.innerHTML = markup
  return figure
}
