/**
 * Calls `make`, and has every <style> element that it creates carry the nonce of the page. xterm makes some without
 * one, which the Content-Security-Policy would refuse.
 */
export function withStyleNonce<T>(nonce: string, make: () => T): T {
  const create = document.createElement
  document.createElement = (name: string, options?: ElementCreationOptions) => {
    const element = create.call(document, name, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }
  try {
    return make()
  } finally {
    // The own property goes, so that the one of the prototype is seen again.
    Reflect.deleteProperty(document, 'createElement')
  }
}
