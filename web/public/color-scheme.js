// Before the first paint: the colour scheme of the last visit, or that of the system.
{
  const chosen = localStorage.getItem('berth-color-scheme')
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
}
