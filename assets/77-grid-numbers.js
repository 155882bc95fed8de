// Numbers that are typed into the filters of tables: a comma and a point are both decimal signs, as in all other fields.
(function () {
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const PLAIN = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i;
  const EITHER = /^[+-]?[1-9]\d{0,2},\d{3}$/; // 5,000 may be 5 or 5000: no filter

  functions.nuwaNumber = (text) => {
    const plain = String(text ?? "").replace(/\s/g, "").replace("−", "-");
    return PLAIN.test(plain) && !EITHER.test(plain) ? Number(plain.replace(",", ".")) : null;
  };
})();
