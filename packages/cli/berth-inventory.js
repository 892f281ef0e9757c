#!/usr/bin/env node
// Your reservations as a dynamic inventory: ansible -i "$(which berth-inventory)" all -m ping
process.argv.splice(2, 0, 'inventory')
await import('./berth.js')
