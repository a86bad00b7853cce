//! What is wrong with how a page looks, as expressions of the page.

/// Returns an expression of the elements that are wider than the page, if it can be moved sideways.
pub(crate) fn overflow() -> &'static str {
    "(() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return [];
        const inside = (element) => element.closest('.canvas, pre, .wide') !== null;
        // A text may be wider than its element.
        const right = (element) => {
            const range = document.createRange();
            range.selectNodeContents(element);
            return Math.max(element.getBoundingClientRect().right, range.getBoundingClientRect().right);
        };
        return [...document.querySelectorAll('body *')]
            .filter((element) => !inside(element) && right(element) > width + 0.5)
            .slice(-5).map((element) => element.outerHTML.slice(0, 200)).concat('scrolls');
    })()"
}

/// Returns an expression of the texts whose contrast with what is behind them is less than 4.5.
pub(crate) fn contrasts() -> &'static str {
    "(() => {
        const parse = (color) => {
            const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
            return { rgb: [r, g, b], a };
        };
        const luminance = ({ rgb }) => {
            const [r, g, b] = rgb.map((it) => it / 255).map((it) => it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ratio = (one, other) => {
            const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
            return (light + 0.05) / (dark + 0.05);
        };
        const behind = (element) => {
            const group = element.closest('svg g[transform]');
            const part = group && element.closest('svg') &&
                group.querySelector(element.matches('.title, .title + .dim') ? '.head' : '.box');
            if (part) return parse(getComputedStyle(part).fill);
            for (let at = element; at; at = at.parentElement) {
                const color = parse(getComputedStyle(at).backgroundColor);
                if (color.a === 1) return color;
            }
            return parse('rgb(255, 255, 255)');
        };
        const found = [];
        const seen = new Set();
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        let looked = 0;
        while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() || element.closest('title, style, script, option, .unseen')) continue;
            if (!element.checkVisibility()) continue;
            const style = getComputedStyle(element);
            const ink = parse(element.closest('svg') ? style.fill : style.color);
            const back = behind(element);
            looked += 1;
            const key = ink.rgb + '/' + back.rgb;
            if (seen.has(key)) continue;
            seen.add(key);
            const is = ratio(ink, back);
            if (is < 4.5) found.push(`${is.toFixed(2)} of ${key}: ${walker.currentNode.data.trim().slice(0, 40)}`);
        }
        if (looked < 10 || seen.size < 2) found.push(`only ${looked} texts`);
        return found;
    })()"
}
