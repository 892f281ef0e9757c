/** 1, "container" -> "1 container"; 2 -> "2 containers" */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
