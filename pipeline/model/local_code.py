"""全国地方公共団体コード: the six-digit code of a prefecture, city, town or village, of which the last digit is a check digit.

The first five digits are 標準地域コード, the first two those of the prefecture (JIS X 0401, JIS X 0402).
"""

import re
import unicodedata

PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県",
    "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県",
    "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
    "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)  # fmt: skip


def prefecture(code: str) -> str:
    """The name of the prefecture to which a valid `code` belongs; empty for an empty code."""
    return PREFECTURES[int(code[:2]) - 1] if code else ""


def with_check_digit(five: str) -> str:
    """The code that begins with the digits `five`."""
    total = sum(weight * int(digit) for weight, digit in zip((6, 5, 4, 3, 2), five, strict=True))
    return f"{five}{(11 - total % 11) % 10}"


def fault_of(code: str) -> str:
    """Why `code` is no 全国地方公共団体コード, and what to write, in Japanese; empty if it is one."""
    if re.fullmatch("[0-9]{6}", code):
        if not 1 <= int(code[:2]) <= len(PREFECTURES):
            return "初めの2桁が、都道府県のコード(01から47まで)ではありません。総務省の一覧で確かめてください。"
        right = with_check_digit(code[:5])
        return "" if code == right else f"検査数字(6桁目)が合いません。初めの5桁が正しければ「{right}」です。"
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code))
    # 5 digits lack the check digit, or the 0 at the head, which spreadsheets drop.
    meant = [plain] if re.fullmatch("[0-9]{6}", plain) else []
    meant += [f"0{plain}", with_check_digit(plain)] if re.fullmatch("[0-9]{5}", plain) else []
    good = "か".join(f"「{one}」" for one in meant if not fault_of(one))
    fix = f"{good}ではありませんか。" if good else ""
    return f"検査数字までの6桁の半角の数字ではありません。{fix or '例えば、山口市は「352039」です。'}"
