// Runs in every page before its own scripts, and reports faults that can only be observed inside the page. The
// Content-Security-Policy of the page does not apply to it.
{
  const MAX_LAYOUT_SHIFT = 0.02
  const report = (fault) => void globalThis.berthReport(fault)

  document.addEventListener('securitypolicyviolation', (event) => {
    const { effectiveDirective, blockedURI, sourceFile, lineNumber, sample } = event
    report(`policy violation: ${effectiveDirective} refuses ${blockedURI} ${sample} (${sourceFile}:${lineNumber})`)
  })

  let sum = 0
  let isReported = false
  const nameOf = ({ node }) => (node instanceof Element ? node.outerHTML.slice(0, 200) : String(node?.nodeName))
  const observer = new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (!hadRecentInput) sum += value
      if (sum <= MAX_LAYOUT_SHIFT || isReported) continue
      isReported = true
      report(`layout shift: ${sum.toFixed(3)}, more than ${MAX_LAYOUT_SHIFT}, at last of ${sources.map(nameOf).join()}`)
    }
  })
  observer.observe({ type: 'layout-shift', buffered: true })
}
