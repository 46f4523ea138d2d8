/** The process that fills caches and asks them at a set pace. */
import { serve } from '../helper.ts'
import type { CacheOrder } from './client.ts'
import { fill } from './fill.ts'
import { pace } from './pace.ts'

serve<CacheOrder, object>((order) => (order.do === 'fill' ? fill(order) : pace(order)))
