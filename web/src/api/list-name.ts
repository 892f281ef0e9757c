/** First part of each query key. What the stream marks as changed is one of these. */
export type ListName =
  | 'pools'
  | 'containers'
  | 'reservations'
  | 'events'
  | 'tokens'
  | 'sessions'
  | 'terminals'
  | 'usage'
