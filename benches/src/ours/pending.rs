//! Events whose handlers are `async fn`s that wait once.

use crate::awaited::wait_and_count;

event_core::module!();

counted_events!(pending wait_and_count);

counted_events! { @event E1000 "A thousand handlers." }

counted_events! {
    @handlers [async .await] E1000 wait_and_count:
    p00 0, p01 10, p02 20, p03 30, p04 40,
    p05 50, p06 60, p07 70, p08 80, p09 90,
    p10 0, p11 10, p12 20, p13 30, p14 40,
    p15 50, p16 60, p17 70, p18 80, p19 90,
    p20 0, p21 10, p22 20, p23 30, p24 40,
    p25 50, p26 60, p27 70, p28 80, p29 90,
    p30 0, p31 10, p32 20, p33 30, p34 40,
    p35 50, p36 60, p37 70, p38 80, p39 90,
    p40 0, p41 10, p42 20, p43 30, p44 40,
    p45 50, p46 60, p47 70, p48 80, p49 90,
    p50 0, p51 10, p52 20, p53 30, p54 40,
    p55 50, p56 60, p57 70, p58 80, p59 90,
    p60 0, p61 10, p62 20, p63 30, p64 40,
    p65 50, p66 60, p67 70, p68 80, p69 90,
    p70 0, p71 10, p72 20, p73 30, p74 40,
    p75 50, p76 60, p77 70, p78 80, p79 90,
    p80 0, p81 10, p82 20, p83 30, p84 40,
    p85 50, p86 60, p87 70, p88 80, p89 90,
    p90 0, p91 10, p92 20, p93 30, p94 40,
    p95 50, p96 60, p97 70, p98 80, p99 90,
}
